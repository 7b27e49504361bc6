package engine_test
import ("testing";. "github.com/elegans-nn/elegans/step";"fmt";"github.com/elegans-nn/elegans/engine")
func TestDbg(t *testing.T){
 for variant:=range 4 {
 b:=New()
 x:=b.Input("x",4)
 s1:=b.State("s1",Vector(4))
 e,s:=some(4,4,2),Vector(8)
 w,k:=Softplus(b.Param("w",s,Between(-0.9,0.9))),b.Param("k",s,Between(-0.9,0.9))
 m,E:=k,w
 if variant&1==1 {m=b.Param("m",s,Between(-0.9,0.9))}
 if variant&2==2 {E=b.Param("E",s,Between(-0.9,0.9))}
 g,i:=Synapses(s1,w,k,m,E,e)
 b.Next("s1",Add(x,Add(g,i)))
 b.Output("y",s1)
 p:=b.Build().Reverse(WRT{})
 fmt.Println(variant,len(e.List),agree(p,1,1,3),agree(p,5,8,3))
 if variant==0 { f:=newFeed(p,1,1,3)
  base:=func(th []float64)float64{ o:=engine.NewOracle(p,1,th); copy(o.Value(p.States[0].Node),f.state[0]); copy(o.Value(p.Inputs[0].Node),f.inputs[0][0]); o.Step(); s:=0.0; for j,v:=range o.Value(p.States[0].Next){s+=v*f.dfinal[0][j]}; return s}
  tr:=f.oracle(nil); en:=f.engine(engine.Compile(p,engine.Options{}),nil)
  for j:=range 8 { a:=clone(f.theta);a[j]+=1e-5;c:=clone(f.theta);c[j]-=1e-5; fmt.Println((base(a)-base(c))/2e-5, tr.values[len(tr.values)-2][j],en.values[len(tr.values)-2][j])}
 }
 }
}
