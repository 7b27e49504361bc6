package cell
import ("testing";"fmt"
"github.com/elegans-nn/elegans/step"
"github.com/elegans-nn/elegans/wiring")
func TestZZ(t *testing.T){
 w,err:=wiring.Auto(19,1).Build(5)
 if err!=nil{t.Fatal(err)}
 b:=step.New()
 y:=LTC{}.Build(b,b.Input("x",5),w)
 y=b.Linear("readout",1,step.Xavier(1,1),step.FanIn(1),step.Term{Name:"y",X:y})
 b.Output("y",y)
 p:=b.Build()
 fmt.Println(p)
 r:=p.Reverse(step.WRT{})
 fmt.Println(len(p.Nodes),len(r.Nodes),r.Adjoint)
 for _,v:=range []Cell{WiredCfC{}, CfC{Units:3,Backbone:[]int{4}}, GRU{3}, Mixed{NcpsCfC{}}} {
 b:=step.New()
 y:=v.Build(b,b.Input("x",5),w)
 b.Output("y",y)
 fmt.Println(b.Build())
 }
}
